"""The crew as a graph: nodes and edges, nothing else."""

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.analyzer import analyze
from agents.approver import approve
from agents.builder import build
from agents.closer import close
from agents.deployer import deploy
from agents.escalator import escalate
from agents.planner import plan
from agents.rollback import roll_back
from agents.stages import Node, caught, staged
from agents.state import State
from agents.tester import test
from agents.toolbox import Toolbox
from agents.verifier import verify

NODES: dict[str, tuple[Node, tuple[str, ...]]] = {
    "analyze": (analyze, ("test", "plan", "escalate", "close")),
    "test": (test, ("build", "escalate", "close")),
    "build": (build, ("plan", "escalate", "close")),
    "plan": (plan, ("approve", "deploy", "escalate", "close")),
    "approve": (approve, ("approve", "deploy", "close")),
    "deploy": (deploy, ("deploy", "verify", "roll_back", "close")),
    "verify": (verify, ("close", "roll_back")),
    "roll_back": (roll_back, ("escalate", "close")),
    "escalate": (escalate, ("close",)),
    "close": (close, ("__end__",)),
}
"""Node names are a persistent format: a release that waits for approval remembers where it stands by name."""


def crew_graph(
    saver: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[State, Toolbox, State, State]:
    """Compile the graph; the saver keeps each release's memory."""
    graph = StateGraph(State, context_schema=Toolbox)
    for name, (node, destinations) in NODES.items():
        graph.add_node(name, staged(name, node), destinations=destinations, error_handler=caught(name))
    graph.add_edge(START, "analyze")
    return graph.compile(checkpointer=saver)
