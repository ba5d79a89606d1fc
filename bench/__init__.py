"""What Cortex Core costs, as ratios measured side by side in one run."""
