"""Tell: one file for each kind of destination; a delivery names its file.

Each has `async def send(outlets, delivery, message) -> Mapping` and answers with the receipt to keep. `outlets` is
what the running bot speaks through; what cannot be delivered is a `DeliveryError`.
"""
