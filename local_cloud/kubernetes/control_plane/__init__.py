"""The control plane of a cluster: etcd, API server, controllers, scheduler, and who may do what."""
