"""One file = one modal, by its callback_id. Each holds `async def submit(submission, services)`."""
