"""The stand-in mail server: takes the clinic's e-mail by SMTP and shows it as a patient's inbox would."""
