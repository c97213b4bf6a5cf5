"""The kind `escalation`: an alarm that calls people step by step until enough of them have confirmed it."""
