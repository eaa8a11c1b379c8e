"""What crosses to Temporal: nothing in plain, nothing altered, nothing under a key that we do not hold."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from temporalio import activity, exceptions, workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowFailureError
from temporalio.common import HeaderCodecBehavior, RetryPolicy
from temporalio.converter import DataConverter
from temporalio.exceptions import ActivityError, ApplicationError, RetryState
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import UnintentionalPassthroughError
from temporalio.workflow import _Definition

from runtime.codec import PlainPayloadError, SealingCodec
from runtime.converter import HEADER_CODEC, data_converter
from runtime.sandbox import workflow_runner
from runtime.temporal import TemporalAway, connect
from starter.embedded import EmbeddedTemporal
from storage.keys import BrokenSealError, MasterKeys, MissingKeyError
from workflows.complaint import ComplaintCase

CANARY = "CANARY-王小明-13800138000"
OLD = MasterKeys.generate()


class Letter(BaseModel):
    text: str
    due: datetime
    day: date
    amount: Decimal
    wait: timedelta


LETTER = Letter(
    text=CANARY,
    due=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    day=date(2028, 2, 29),
    amount=Decimal("12.50"),
    wait=timedelta(days=3, seconds=1),
)


@pytest.fixture
def converter() -> DataConverter:
    return data_converter(OLD)


def holds_canary(message: Message) -> bool:
    raw = message.SerializeToString()
    return any(part.encode() in raw for part in ("CANARY", "王小明", "13800138000"))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


async def test_a_document_comes_back_with_its_types_and_travels_sealed(converter: DataConverter) -> None:
    (payload,) = await converter.encode([LETTER])
    assert not holds_canary(payload)
    assert dict(payload.metadata) == {"encoding": b"binary/encrypted", "encryption-key-id": OLD.newest.encode()}
    assert await converter.decode([payload], [Letter]) == [LETTER]


async def test_the_search_for_the_canary_finds_it_where_nothing_is_sealed() -> None:
    (plain,) = data_converter(OLD).payload_converter.to_payloads([LETTER])
    assert b"CANARY" in plain.SerializeToString()


async def test_equal_values_are_sealed_differently(converter: DataConverter) -> None:
    first, second = await converter.encode(["assess", "assess"])
    assert first.data != second.data


def failure_of_an_activity() -> ActivityError:
    """An activity's failure with a cause and details, raised for real so that it has traces."""
    try:
        try:
            raise ValueError(f"cannot send to {CANARY}")  # noqa: TRY301 - a trace is wanted
        except ValueError as cause:
            raise ApplicationError(f"refused for {CANARY}", {"said": CANARY}, type="smtp_550") from cause
    except ApplicationError as refused:
        error = ActivityError(
            f"activity of {CANARY}",
            scheduled_event_id=5,
            started_event_id=6,
            identity="worker",
            activity_type="send_letter",
            activity_id="1",
            retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
        )
        error.__cause__ = refused
        return error


async def test_messages_traces_causes_and_details_of_a_failure_travel_sealed(converter: DataConverter) -> None:
    failure = Failure()
    await converter.encode_failure(failure_of_an_activity(), failure)
    assert not holds_canary(failure)
    assert failure.message == failure.cause.message == failure.cause.cause.message == "Encoded failure"
    assert failure.cause.application_failure_info.type == "smtp_550"  # codes stay readable for operators


async def test_a_failure_comes_back_with_its_messages_codes_and_details(converter: DataConverter) -> None:
    failure = Failure()
    await converter.encode_failure(failure_of_an_activity(), failure)
    activity, refused, cause = chain(await converter.decode_failure(failure))
    assert str(activity) == f"activity of {CANARY}"
    assert isinstance(refused, ApplicationError)
    assert (refused.type, refused.details) == ("smtp_550", ({"said": CANARY},))
    assert f"cannot send to {CANARY}" in str(cause)


async def test_the_heartbeat_in_a_time_out_travels_sealed(converter: DataConverter) -> None:
    failure = Failure()
    late = exceptions.TimeoutError(CANARY, type=exceptions.TimeoutType.HEARTBEAT, last_heartbeat_details=[CANARY])
    await converter.encode_failure(late, failure)
    assert not holds_canary(failure)


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=10), st.binary(max_size=10), max_size=3))
async def test_any_payload_comes_back_with_its_metadata(data: bytes, metadata: dict[str, bytes]) -> None:
    codec = SealingCodec(OLD)
    payload = Payload(metadata=metadata, data=data)
    sealed = await codec.encode([payload, payload])
    assert await codec.decode(sealed) == [payload, payload]


async def test_after_a_rotation_old_payloads_open_and_new_ones_use_the_new_key(converter: DataConverter) -> None:
    (old,) = await converter.encode(["before"])
    rotated = OLD.rotated()
    (new,) = await data_converter(rotated).encode(["after"])
    assert new.metadata["encryption-key-id"] == rotated.newest.encode() != OLD.newest.encode()
    assert await data_converter(rotated).decode([old, new]) == ["before", "after"]


async def test_a_payload_under_a_key_that_is_not_in_the_ring_names_the_key(converter: DataConverter) -> None:
    rotated = OLD.rotated()
    payloads = await data_converter(rotated).encode(["later"])
    with pytest.raises(MissingKeyError, match=f"master key '{rotated.newest}' is not in the ring"):
        await converter.decode(payloads)


async def test_a_payload_under_another_key_of_the_same_id_does_not_open() -> None:
    ours, theirs = (MasterKeys.parse(f"k1:{MasterKeys.generate().reveal().partition(':')[2]}") for _ in range(2))
    with pytest.raises(BrokenSealError, match="payload under k1 does not open"):
        await data_converter(ours).decode(await data_converter(theirs).encode(["secret"]))


@pytest.mark.parametrize("position", [0, 11, 12, 20, -16, -1])  # in nonce, ciphertext and tag
async def test_an_altered_payload_does_not_open(converter: DataConverter, position: int) -> None:
    (payload,) = await converter.encode([LETTER])
    altered = bytearray(payload.data)
    altered[position] ^= 1
    with pytest.raises(BrokenSealError):
        await converter.decode([Payload(metadata=payload.metadata, data=bytes(altered))])


@pytest.mark.parametrize("data", [b"", b"short", bytes(28)])
async def test_what_is_no_sealed_payload_at_all_does_not_open(converter: DataConverter, data: bytes) -> None:
    (payload,) = await converter.encode(["x"])
    with pytest.raises(BrokenSealError):
        await converter.decode([Payload(metadata=payload.metadata, data=data)])


async def test_a_plain_payload_is_refused_without_being_quoted(converter: DataConverter) -> None:
    plain = converter.payload_converter.to_payloads([CANARY])
    with pytest.raises(PlainPayloadError, match="is not sealed") as refusal:
        await converter.decode(plain)
    assert CANARY not in str(refusal.value)


async def test_plain_payloads_are_read_while_a_namespace_is_moved_over() -> None:
    moving = data_converter(OLD, accept_plain=True)
    plain = moving.payload_converter.to_payloads(["plain"])
    sealed = await moving.encode(["sealed"])
    assert await moving.decode([*plain, *sealed]) == ["plain", "sealed"]


async def test_headers_are_sealed_by_every_client_that_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    client = await connect(OLD, lazy=True)
    assert client.config()["header_codec_behavior"] == HEADER_CODEC == HeaderCodecBehavior.CODEC
    assert isinstance(client.data_converter.payload_codec, SealingCodec)


async def test_the_place_of_the_server_is_read_from_the_variables_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example.org:7233")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "complaints")
    client = await connect(OLD, lazy=True)
    assert client.service_client.config.target_host == "temporal.example.org:7233"
    assert client.namespace == "complaints"


async def test_a_server_that_is_not_there_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    with pytest.raises(TemporalAway, match="TEMPORAL_ADDRESS"):
        await connect(OLD, patience_seconds=0.1)


async def test_the_strict_sandbox_takes_the_case_workflow_as_it_is() -> None:
    workflow_runner(strict=True).prepare_workflow(_Definition.must_from_class(ComplaintCase))


async def test_the_strict_sandbox_refuses_a_workflow_whose_file_imports_what_is_not_on_the_list() -> None:
    with pytest.raises(UnintentionalPassthroughError, match="not intentionally passed through"):
        workflow_runner(strict=True).prepare_workflow(_Definition.must_from_class(LetterFlow))


@activity.defn
async def send(letter: str) -> None:
    raise ApplicationError(f"refused for {letter}", letter, type="smtp_550")


@workflow.defn(sandboxed=False)
class LetterFlow:
    """Lets a text go every way that a text can go through Temporal, and fails with it."""

    def __init__(self) -> None:
        self.may_end = False

    @workflow.run
    async def run(self, letter: str) -> None:
        workflow.set_current_details(letter)
        try:
            await workflow.execute_activity(
                send,
                letter,
                summary=letter,
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError:
            await workflow.wait_condition(lambda: self.may_end, timeout=timedelta(days=1), timeout_summary=letter)
        raise ApplicationError(f"parked {letter}", letter, type="parked")

    @workflow.update
    async def end(self, letter: str) -> str:
        self.may_end = True
        return letter


class LetterInHeaders(OutboundInterceptor, Interceptor):
    """Adds a header to what is started and updated, as tracing does."""

    def __init__(self) -> None:
        """Leave out the base's: this one is the interceptor of a client and of its calls at once."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        self.next = next
        return self

    async def start_workflow(self, input: StartWorkflowInput) -> Any:  # noqa: A002
        input.headers = {"letter": DataConverter.default.payload_converter.to_payload(CANARY)}
        return await self.next.start_workflow(input)


async def test_a_whole_history_holds_no_plain_text(
    temporal_server: EmbeddedTemporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server.address)
    config = (await connect(OLD)).config()
    config["interceptors"] = [LetterInHeaders()]
    client = Client(**config)
    queue = f"sealing-{uuid.uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[LetterFlow], activities=[send]):
        handle = await client.start_workflow(
            LetterFlow.run, CANARY, id=queue, task_queue=queue, memo={"letter": CANARY}, static_summary=CANARY
        )
        assert await handle.execute_update(LetterFlow.end, CANARY) == CANARY
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert failed.value.cause is not None
    assert str(failed.value.cause) == f"parked: parked {CANARY}"
    assert await (await handle.describe()).memo_value("letter") == CANARY
    history = await handle.fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    assert "letter" in started.header.fields
    assert not any(holds_canary(event) for event in history.events)
