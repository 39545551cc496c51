import random, sys, textwrap
from PIL import Image, ImageDraw
from budgetfusion.scenes.sentences import sample
from budgetfusion.scenes import sentences as S
from budgetfusion.scenes.draw import render
rng=random.Random(1)
sheet=Image.new("RGB",(8*170,6*200),"white"); d=ImageDraw.Draw(sheet)
makers=[S._procession,S._company,S._crowd,S._one_group,S._two_groups,S._crowd]
for k in range(48):
    b,c=S._background(rng)
    if k%3==0: b=rng.choice(["street","airport"]);c=None
    sc=makers[k%6](rng,b,c)
    im=Image.fromarray(render(sc,rng)).resize((160,160),0)
    sheet.paste(im,(k%8*170,k//8*200)); d.multiline_text((k%8*170,k//8*200+161),"\n".join(textwrap.wrap(sc.caption,28)),fill="black")
sheet.save("/work/bf/look.png")
