"""The tests: unit on verified fakes, the contract on every store, e2e on real processes."""
