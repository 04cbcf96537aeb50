"""An ArgoCD on loopback, and the cluster behind it, which follows the head of a real git repository."""

from tests.emulators.argocd.cluster import Application, Workload
from tests.emulators.argocd.emulator import ArgoCdEmulator

__all__ = ["Application", "ArgoCdEmulator", "Workload"]
