"""The three nodes' properties, ids and logins, and the login of the brokers."""

from native.configuration.files import COMPOSE, write_secretly
from native.layout import HOST, NODES, Layout
from native.security.accounts import secret
from native.security.logins import login


def configure(layout: Layout) -> None:
    nodes, brokers = secret(layout.secrets, "zookeeper-nodes"), secret(layout.secrets, "zookeeper-brokers")
    ports = layout.ports
    servers = "".join(
        f"server.{node}={HOST}:{ports[f'zookeeper quorum {node}']}:{ports[f'zookeeper election {node}']}\n"
        for node in NODES
    )
    for node in NODES:
        home = layout.var / f"zookeeper-{node}"
        (home / "data").mkdir(parents=True, exist_ok=True)
        (home / "data" / "myid").write_text(f"{node}\n")
        (home / "zookeeper.properties").write_text(
            (COMPOSE / "zookeeper" / "zookeeper.properties").read_text()
            + f"dataDir={home / 'data'}\n"
            + f"clientPort={ports[f'zookeeper {node}']}\n"
            + f"clientPortAddress={HOST}\n"
            + servers
        )
        write_secretly(
            home / "jaas.conf",
            login("Server", user_broker=brokers)
            + login("QuorumServer", user_node=nodes)
            + login("QuorumLearner", username="node", password=nodes),
        )
    write_secretly(layout.var / "kafka" / "jaas.conf", login("Client", username="broker", password=brokers))
