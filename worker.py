"""The worker process: settings → assemble → run until signalled. See `runtime.assembly` for what it is made of."""

from runtime.serving import run_worker

if __name__ == "__main__":
    run_worker()
