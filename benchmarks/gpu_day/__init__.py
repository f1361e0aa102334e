"""The first day on a GPU, as one command: what is right, how fast it is, and the tables of docs/gpu.md.

`python -m benchmarks.gpu_day OUT` needs neither Ray nor a network, and takes nine minutes at most. `--rehearse` does
the same steps on a CPU, each as small as can be.
"""
