"""What lets people and systems start or steer a process: intake, HTTP API, console, command line, one-machine use."""
