"""What IAM resources do beyond their data: the shape of answers, and what a member may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_cloud.terraform_provider.planning import Values

_MEMBER: Final = re.compile(
    r"^(?:allUsers|allAuthenticatedUsers"
    r"|(?:user|serviceAccount|group|domain|projectOwner|projectEditor|projectViewer|deleted|iamMember):.+"
    r"|principal(?:Set|Hierarchy)?://.+)$"
)


def service_account_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """An account is written inside `serviceAccount` and answered bare; its member string is not answered at all."""
    email = str(answer["email"])
    return {
        **answer,
        "accountId": email.partition("@")[0],
        "member": f"serviceAccount:{email}",
        "serviceAccount": answer,
    }


def service_account_names(planned: Values, prior: Values | None, _config: Values) -> None:
    """Address and member string of a new account follow from its id and project, so the plan can tell them."""
    project, account = planned.get("project"), planned.get("account_id")
    if prior is not None or not isinstance(project, str) or not isinstance(account, str):
        return
    email = f"{account}@{project}.iam.gserviceaccount.com"
    planned["email"] = email
    planned["member"] = f"serviceAccount:{email}"


def custom_role_answer(answer: Mapping[str, Any], _before: Values) -> Mapping[str, Any]:
    """A role is written inside `role` and answered bare."""
    return {"roleId": str(answer["name"]).rpartition("/")[2], "role": answer}


def member_problems(config: Values) -> Iterator[ProviderError]:
    """A member names its type, and a member that was deleted cannot be granted anything."""
    member = config.get("member")
    if not isinstance(member, str):
        return
    if member.startswith("deleted:"):
        yield ProviderError("member: IAM members that were deleted cannot be granted a role", path=("member",))
    elif not _MEMBER.fullmatch(member):
        yield ProviderError(
            f"member: {member!r}, allowed: user:, serviceAccount:, group:, domain:, principal://, principalSet:// and"
            " what names them, allUsers, allAuthenticatedUsers",
            path=("member",),
        )
