"""How values become payloads: one converter for client, worker, replayer and tests.

Two processes that disagree here cannot read each other, so nobody builds a converter of their own.
"""

from temporalio.common import HeaderCodecBehavior
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from runtime.codec import SealingCodec
from storage.keys import MasterKeys

HEADER_CODEC = HeaderCodecBehavior.CODEC
"""Headers are sealed as well. Left out of a client or a replayer, the SDK sends and expects them in plain."""


def data_converter(keys: MasterKeys, *, accept_plain: bool = False) -> DataConverter:
    """Pydantic models, sealed; messages and traces of failures too (their types and codes stay readable)."""
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=SealingCodec(keys, accept_plain=accept_plain),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
