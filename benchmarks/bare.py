"""The least that Temporal can be asked for: a workflow with one activity. The measure for what a case costs more.

Run as a worker of its own: python -m benchmarks.bare (TEMPORAL_ADDRESS says where the server is)
"""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

TASK_QUEUE = "bare"
READY = "bare worker runs"


@activity.defn
async def answer(number: int) -> int:
    return number


@workflow.defn
class OneActivity:
    @workflow.run
    async def run(self, number: int) -> int:
        return await workflow.execute_activity(answer, number, start_to_close_timeout=timedelta(seconds=30))


async def main() -> None:
    client = await Client.connect(**ClientConfig.load_client_connect_config())
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[OneActivity], activities=[answer]):
        print(READY, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
