"""What the pretended Prolific answers to each operation: the operation's id leads to its function."""

from collections.abc import Callable
from typing import Any

from stand_in.signing import Signer
from stand_in.world import STATUSES, WORKSPACE, RefusalError, World

Answer = tuple[int, Any, dict[str, str]]
EVENT_TYPES = ("submission.status.change", "study.status.change", "study.progress.change", "study.has_high_return_rate")
PAGE_SIZE = 20


class Answers:
    """Answers from a world.

    Args:
        world: What Prolific remembers.
        signer: Its key.
        url: Of the stand-in, for links to the next page.
    """

    def __init__(self, world: World, signer: Signer, url: str) -> None:
        self.world, self.signer, self.url = world, signer, url

    def of(self, operation_id: str) -> Callable[..., Answer]:
        """Return the function that answers an operation; each takes ids of the path, the query and the body."""
        found: Callable[..., Answer] = getattr(self, operation_id.replace("-", "_"))
        return found

    def create_test_participant_for_researcher(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Make a test participant."""
        self.world.test_participants.append(body["email"])
        return 201, {"participant_id": self.world.new_id()}, {}

    def get_studies(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """List studies."""
        known = ("id", "name", "internal_name", "status", "total_available_places", "reward")
        entries = [{key: study[key] for key in known if key in study} for study in self.world.studies.values()]
        return 200, {"results": entries}, {}

    def create_study(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Make a draft."""
        return 201, self.world.create_study(body), {}

    def get_study(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Read a study."""
        return 200, self.world.study(ids[0]), {}

    def update_study(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Change a study."""
        return 200, self.world.update_study(ids[0], body), {}

    def delete_study(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Remove a draft."""
        self.world.delete_study(ids[0])
        return 200, {}, {}

    def publish_study(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Publish, pause, start or stop."""
        return 200, self.world.transition_study(ids[0], body["action"]), {}

    def create_test_study(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Copy a draft."""
        return 200, self.world.test_study(ids[0]), {}

    def get_study_cost(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Say a cost."""
        return 200, self.world.cost(ids[0], is_projected=query.get("is_projected") == "true"), {}

    def count_study_submissions_by_status(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Count submissions."""
        found = [s["status"] for s in self.world.submissions.values() if s["study_id"] == ids[0]]
        return 200, {**{status: found.count(status) for status in STATUSES}, "TOTAL": len(found)}, {}

    def calculate_study_cost(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Calculate a cost."""
        return 200, {"total_cost": self.world.total(int(body["reward"] * body["total_available_places"]))}, {}

    def create_participant_group(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Make a group."""
        group = {"id": self.world.new_id(), "name": body["name"], "participant_count": 0}
        self.world.groups[group["id"]] = {**group, "members": []}
        return 201, group, {}

    def get_participant_group_participants(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """List members."""
        if ids[0] not in self.world.groups:
            raise RefusalError(404, "Not found", ids[0])
        return self._members(ids[0])

    def add_to_participant_group(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Add members."""
        members = self.world.groups[ids[0]]["members"]
        members += [person for person in body["participant_ids"] if person not in members]
        return self._members(ids[0])

    def remove_from_participant_group(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Remove members."""
        group = self.world.groups[ids[0]]
        group["members"] = [person for person in group["members"] if person not in body["participant_ids"]]
        return self._members(ids[0])

    def get_submissions(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """List submissions, a page at a time; a page past the end is not found."""
        size, page = int(query.get("page_size", PAGE_SIZE)), int(query.get("page", 1))
        every = [s for s in self.world.submissions.values() if s["study_id"] == query["study"]]
        shown = every[(page - 1) * size : page * size]
        if page > 1 and not shown:
            raise RefusalError(404, "Invalid page")
        following = None
        if page * size < len(every):
            following = {
                "href": f"{self.url}/api/v1/submissions/?study={query['study']}&page={page + 1}&page_size={size}"
            }
        return 200, {"results": [_short(s) for s in shown], "_links": {"next": following or {"href": None}}}, {}

    def get_submission(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Read a submission."""
        return 200, self.world.submission(ids[0]), {}

    def transition_submission(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Approve or reject."""
        return 200, self.world.transition_submission(ids[0], body), {}

    def request_submission_return(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Ask for a return."""
        known = ("id", "status", "participant", "return_requested")
        return 200, {key: value for key, value in self.world.request_return(ids[0]).items() if key in known}, {}

    def bulk_approve_submissions(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Approve many."""
        self.world.approve(body["submission_ids"])
        return 200, "The request to bulk approve has been made successfully.", {}

    def create_bonus_payments(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Set up bonuses."""
        return 201, self.world.set_up_bonuses(body["study_id"], body["csv_bonuses"]), {}

    def pay_bonus_payments(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Pay bonuses."""
        self.world.pay(ids[0])
        return 202, "Accepted", {}

    def send_message(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Keep a message."""
        self.world.messages.append(body)
        return 204, None, {}

    bulk_message_participants = send_message

    def get_event_types(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """List event types."""
        return 200, {"results": [{"event_type": name, "description": name} for name in EVENT_TYPES]}, {}

    def create_secret(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Make a secret; the older one is gone."""
        self.world.secret = f"secret-{self.world.new_id()}"
        return 201, {"id": self.world.new_id(), "value": self.world.secret, "workspace_id": WORKSPACE}, {}

    def get_subscriptions(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """List subscriptions."""
        return 200, {"results": list(self.world.subscriptions.values())}, {}

    def create_subscription(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Make a subscription that waits for its confirmation."""
        if not self.world.secret:
            raise RefusalError(400, "No secret", "Create a secret first")
        made = {**body, "id": self.world.new_id(), "is_enabled": False}
        self.world.subscriptions[made["id"]] = made
        return 201, {"results": [made]}, {"X-Hook-Secret": self.world.secret}

    def confirm_subscription(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Enable a subscription."""
        if body["secret"] != self.world.secret:
            raise RefusalError(400, "Wrong secret")
        self.world.subscriptions[ids[0]]["is_enabled"] = True
        return 200, self.world.subscriptions[ids[0]], {}

    def get_study_jwks(self, ids: list[str], query: dict[str, str], body: Any) -> Answer:
        """Publish the key."""
        return 200, {"keys": [self.signer.jwk()]}, {}

    def _members(self, group_id: str) -> Answer:
        stamp = self.world.now.isoformat()
        members = self.world.groups[group_id]["members"]
        return 200, {"results": [{"participant_id": person, "datetime_created": stamp} for person in members]}, {}


def _short(submission: dict[str, Any]) -> dict[str, Any]:
    """Return a submission as lists have it, where its fields have other names."""
    kept = ("id", "status", "started_at", "completed_at", "return_requested")
    renamed = {"participant_id": submission["participant"], "study_code": submission["entered_code"]}
    return {**{key: submission[key] for key in kept}, **renamed, "has_siblings": False}
