"""intake: owns patients, questionnaires, answers, consent and red-flag stops."""
