"""Everything that touches the world: daemons, sockets, disks, clocks. One folder a neighbour."""
