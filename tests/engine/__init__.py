"""The engine, rule by rule, through its one public function."""
