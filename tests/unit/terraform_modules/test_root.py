"""A root is read for its variables and sources, and copied with all it needs and nothing that it must not use."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._terraform_root import Root, digest, hcl_blocks

NETWORK = """
# variable "in_a_comment" {}
/* variable "in_a_long_comment" { } */
variable "cidr" {
  type = object({ range = string })
  description = "a { brace, and variable \\"quoted\\" {"
  validation {
    condition     = can(var.cidr)
    error_message = "sensitive = true"
  }
}
variable "token" {
  type      = string
  sensitive = true
}
variable "once" {
  ephemeral = true
  default   = null
}
variable "one_line" { type = string }
locals {
  text  = <<-EOT
    variable "in_a_heredoc" {
  EOT
  rules = yamldecode(file("${path.module}/../../rules/firewall.yaml"))
}
module "vpc" {
  source = "../../modules/vpc"
}
module "elsewhere" {
  source  = "terraform-google-modules/network/google"
  version = "1.0.0"
}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """roots/network, modules/vpc (which uses modules/inner), rules/, and files that must stay behind."""
    files = {
        "roots/network/main.tf": NETWORK,
        "roots/network/terraform.tfvars": 'cidr = "from a file"',
        "roots/network/terraform.tfstate": "{}",
        "roots/network/.terraform/environment": "x",
        "roots/network/templates/a.tftpl": "hello",
        "roots/other/main.tf": "",
        "modules/vpc/main.tf": 'module "i" { source = "../inner" }',
        "modules/inner/main.tf": "locals {}",
        "modules/unused/main.tf": "locals {}",
        "rules/firewall.yaml": "[]",
    }
    for name, text in files.items():
        path = tmp_path / "terraform" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shared = tmp_path / "terraform" / "shared.tf"
    shared.write_text('variable "shared" {}')
    (tmp_path / "terraform/roots/network/shared.tf").symlink_to("../../shared.tf")
    return tmp_path / "terraform"


def test_variables_are_read_with_what_makes_them_secret(tree: Path) -> None:
    variables = Root.read(tree / "roots/network").variables
    assert set(variables) == {"cidr", "token", "once", "one_line", "shared"}
    assert [name for name, variable in variables.items() if variable.sensitive] == ["token"]
    assert [name for name, variable in variables.items() if variable.ephemeral] == ["once"]


def test_json_configuration_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text('{"variable": {"key": {"sensitive": true}, "plain": {}}}')
    variables = Root.read(tmp_path).variables
    assert {name: variable.sensitive for name, variable in variables.items()} == {"key": True, "plain": False}


def test_blocks_keep_their_own_attributes_only() -> None:
    (block,) = hcl_blocks(
        'provider "google" {\n version = "7.45.0"\n hashes = [\n "x",\n ]\n inner {\n version = "9"\n }\n}'
    )
    assert (block.type, block.label, block.attributes["version"]) == ("provider", "google", "7.45.0")


def test_a_copy_holds_the_root_its_modules_and_the_files_above_it(tree: Path, tmp_path: Path) -> None:
    directory, left = Root.read(tree / "roots/network").copy_to(tmp_path / "copy")
    names = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert names == {
        "roots/network/main.tf",
        "roots/network/shared.tf",
        "roots/network/templates/a.tftpl",
        "modules/vpc/main.tf",
        "modules/inner/main.tf",
        "rules/firewall.yaml",
    }
    assert directory == tmp_path / "copy/roots/network"
    assert not (directory / "shared.tf").is_symlink()
    assert left == [str(tree / "roots/network/terraform.tfvars")]


def test_a_second_copy_replaces_the_first(tree: Path, tmp_path: Path) -> None:
    root = Root.read(tree / "roots/network")
    root.copy_to(tmp_path / "copy")
    before = digest(tmp_path / "copy")
    (tmp_path / "copy/roots/network/gone.tf").write_text("")
    assert digest(tmp_path / "copy") != before
    root.copy_to(tmp_path / "copy")
    assert digest(tmp_path / "copy") == before


@pytest.mark.parametrize(
    ("plain", "secret", "words"),
    [
        (["cidrs"], [], ["'cidrs'", "did you mean cidr?", "one_line"]),
        (["token"], [], ["'token'", "sensitive_variables"]),
        (["once"], [], ["'once'", "sensitive_variables"]),
        ([], ["tokens"], ["'tokens'", "did you mean token?"]),
    ],
)
def test_a_bad_variable_is_refused_by_name(tree: Path, plain: list[str], secret: list[str], words: list[str]) -> None:
    with pytest.raises(Failure) as caught:
        Root.read(tree / "roots/network").check_variables(plain, secret)
    assert caught.value.reason == "INVALID_VARIABLE"
    for word in words:
        assert word in str(caught.value)


def test_good_variables_pass(tree: Path) -> None:
    Root.read(tree / "roots/network").check_variables(["cidr", "one_line"], ["token", "once"])


@pytest.mark.parametrize("name", ["roots/missing", "rules"])
def test_a_directory_without_configuration_is_refused(tree: Path, name: str) -> None:
    with pytest.raises(Failure, match="holds no Terraform configuration") as caught:
        Root.read(tree / name)
    assert caught.value.reason == "ROOT_NOT_FOUND"


def test_a_string_in_a_template_in_a_string_does_not_end_it() -> None:
    error = 'error = "lacks ${join(", ", [for k, v in var.a : "${k} {" if v == "}"])}; \\"all\\""'
    text = f'variable "a" {{\n  {error}\n}}\nvariable "b" {{}}\n'

    assert [block.label for block in hcl_blocks(text)] == ["a", "b"]
