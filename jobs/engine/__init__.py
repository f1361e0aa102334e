"""Ray: started or joined, its actors, how many of them, what each does, and which chunk goes where."""
