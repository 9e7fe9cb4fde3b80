"""What all APIs share of HTTP: credentials, hosts, routes, rate limits, bodies, refusals."""
