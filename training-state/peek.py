import sys, torch, time, os
p=sys.argv[1]; s=torch.load(p,map_location="cpu",weights_only=True); t=s["trainer"]; l=t["losses"]
n=len(l); k=max(1,n//10)
print(p,"step",t["step"],[round(sum(l[i:i+k])/len(l[i:i+k]),4) for i in range(0,n,k)], time.strftime("%H:%M:%S",time.gmtime(os.path.getmtime(p))))
