"""The server and the analysis work where torch is not installed."""

import subprocess
import sys

import pytest

IMPORT_ALL = """
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "diffusers", "transformers"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
package = importlib.import_module(sys.argv[1])
found = [module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in found:
    if not name.endswith("__main__") and name != "stimuli.render":
        importlib.import_module(name)
print(len(found))
"""


@pytest.mark.parametrize("package", ["study_server", "analysis", "prolific_config", "stimuli"])
def test_a_package_imports_without_torch(package: str) -> None:
    """Every module of it but `stimuli.render`, with torch, diffusers and transformers made unimportable."""
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, package], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
