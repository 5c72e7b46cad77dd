"""Google Kubernetes Engine: real control planes, and nodes that are processes."""
