"""RMCP+ (IPMI 2.0 over LAN): packets, login and sessions. Why our own: docs/decisions/0007-bmc-client.md."""
