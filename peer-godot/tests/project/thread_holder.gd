extends Node
## Holds a peer from the moment that it is made, on whichever thread that is.

var peer := SteamMultiplayerPeer.new()
