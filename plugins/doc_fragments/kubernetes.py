"""Documentation of the options in module_utils/_kubernetes_spec.py (a unit test holds the two together)."""

from __future__ import annotations


class ModuleDocFragment:
    """The fragments kubernetes, kubernetes.namespace and kubernetes.rollout."""

    DOCUMENTATION = r"""
options:
  project:
    description:
      - Id of the project of a GKE cluster. With O(location) and O(cluster) it names the cluster; its address and its
        certificate authority are read from Google, and the same token asks the cluster.
    type: str
  location:
    description: Region or zone of the GKE cluster.
    type: str
  cluster:
    description: Name of the GKE cluster.
    type: str
  endpoint:
    description:
      - Which of a GKE cluster's endpoints to use, its address or its DNS name. Without it the address.
    type: str
    choices: [ip, dns]
  kubeconfig:
    description:
      - Path of a kubeconfig file, for a cluster that is not Google's or that is reached in a way of its own. Goes
        before a cluster's name.
      - Falls back to E(PRESIDENTIAL_DIGS_KUBECONFIG).
    type: path
  context:
    description: Context in O(kubeconfig). Without it the current one.
    type: str
  host:
    description: Address of the API server, for a cluster of which neither name nor kubeconfig is to be used.
    type: str
  cluster_ca_certificate:
    description: With O(host), the cluster's certificate authority as PEM text. Without it O(ca_certificates).
    type: str
"""

    NAMESPACE = r"""
options:
  namespace:
    description: The namespace.
    type: str
    required: true
"""

    ROLLOUT = r"""
options:
  wait_timeout:
    description: Seconds until a rollout must be complete.
    type: int
    default: 300
  failed_probes:
    description: After so many failed readiness or liveness probes of one new pod the rollout has failed.
    type: int
    default: 15
  unschedulable_timeout:
    description: Seconds for which a pod may wait for a node, since a node pool may grow.
    type: int
    default: 60
  log_lines:
    description: Lines of the log of a failed container that the result carries.
    type: int
    default: 20
"""
