"""Training as a job, in this process or as a Ray Train job."""
