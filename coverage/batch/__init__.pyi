from .cluster import cluster_client as cluster_client
from .items import BatchItem as BatchItem
from .runner import BatchInterrupted as BatchInterrupted
from .runner import BatchOutcome as BatchOutcome
from .runner import run_batch as run_batch
from .split_frontier import frontier_on_cluster as frontier_on_cluster
from .split_verdict import evaluate_on_cluster as evaluate_on_cluster
from .sweep import plan_batch as plan_batch
