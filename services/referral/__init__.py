"""The referral service: the routing protocol, referrals and their states, slots and appointments."""
