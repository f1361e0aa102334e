"""What a run tells other programs while it goes on: events, hooks and webhooks."""
