"""One file = one action_id, of buttons and menus. Each holds `async def act(press, services)`."""
