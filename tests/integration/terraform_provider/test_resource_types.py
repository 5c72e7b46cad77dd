"""Every resource type through its whole life: one HCL file a type, its header says what is special about it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from local_cloud.terraform_provider.loading import specifications
from tests.integration.terraform_provider.terraform_runs import Terraform, project

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.tf"))
# Attributes that change whenever anybody writes, so that an import may find another value.
MOVING = {"etag", "fingerprint", "timeouts", "update_time", "updated"}


def header(case: Path) -> dict[str, Any]:
    """The comment at the top of a case, which is YAML."""
    lines = []
    for line in case.read_text().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    found: dict[str, Any] = yaml.safe_load("\n".join(lines)) or {}
    return found


@pytest.fixture
def terraform(request: pytest.FixtureRequest, clean_cloud: LocalCloud, tmp_path: Path) -> Terraform:
    """The case `request.param`, ready to be applied."""
    case: Path = request.param
    shutil.copy(HERE / "base.tf", tmp_path)
    shutil.copy(case, tmp_path)
    variables = {name: str(value).lower() for name, value in header(case).get("variables", {}).items()}
    run = Terraform(clean_cloud, tmp_path, {"project_number": project(clean_cloud), **variables})
    run.run("init")
    return run


def test_there_is_a_case_for_every_type() -> None:
    """A type without a case would never be tried."""
    assert {case.stem for case in CASES} == set(specifications())


@pytest.mark.parametrize(
    ("terraform", "case"), [(case, case) for case in CASES], indirect=["terraform"], ids=[case.stem for case in CASES]
)
def test_life_of_a_resource(terraform: Terraform, case: Path) -> None:
    """Create, nothing left to do, update in place, drift, replace, import, destroy."""
    said, subject = header(case), f"{case.stem}.it"

    terraform.apply("create")
    assert terraform.actions("create") == {}

    if not said.get("unchangeable"):
        assert terraform.actions("update")[subject] == ["update"]
        terraform.apply("update")
        assert terraform.actions("update") == {}
        terraform.apply("create")
        assert terraform.actions("create") == {}

    check_drift(terraform, said, subject)
    check_imports(terraform, said, subject)

    if "local.replaced" in case.read_text():
        assert sorted(terraform.actions("replace")[subject]) == ["create", "delete"]
        terraform.apply("replace")
        assert terraform.actions("replace") == {}

    identities = {address: values["id"] for address, values in terraform.values().items()}
    terraform.run("destroy", "-auto-approve")
    assert terraform.values() == {}
    assert identities


def check_drift(terraform: Terraform, said: dict[str, Any], subject: str) -> None:
    """What somebody changes by hand is seen and put back."""
    if "drift" not in said:
        return
    drift = dict(said["drift"])
    body, host = drift.pop("body"), drift.pop("host", None)
    ((verb, path),) = drift.items()
    service = path.partition("/")[0]
    done = terraform.cloud.request(verb, f"{host or f'{service}.googleapis.com'}/{path}", json=body)
    assert done.ok, done.text
    assert terraform.actions("create") == {subject: ["update"]}
    terraform.apply("create")
    assert terraform.actions("create") == {}


def check_imports(terraform: Terraform, said: dict[str, Any], subject: str) -> None:
    """Every form of the import id brings back the state, but for what the API does not keep."""
    before = terraform.values()[subject]
    kept = before.keys() - MOVING - set(said.get("not_imported", ()))
    for form in said["imports"]:
        terraform.run("state", "rm", subject)
        terraform.run("import", subject, form.format(**before))
        after = terraform.values()[subject]
        different = {name: (before[name], after[name]) for name in kept if not same(before[name], after[name])}
        assert different == {}, form
    terraform.apply("create")


def same(before: Any, after: Any) -> bool:
    """Equal, but that nothing may be spelled null, empty or zero."""
    return bool(before == after or (not before and not after))
