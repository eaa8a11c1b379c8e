"""Effects: what a process does outside itself. Each class takes the ports that it needs; none knows a store by name."""
