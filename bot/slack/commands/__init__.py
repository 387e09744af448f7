"""One file = one word after /dify. Each holds `HELP` and `async def answer(request, services)`."""
