"""The operations of the App API, declared once for both clients: the source of the methods on the resources."""
