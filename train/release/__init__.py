"""From recipes and seeds to result files, tables and model cards."""
