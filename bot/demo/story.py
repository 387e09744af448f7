"""The story that the demo tells: what a person types and presses in the local Slack, and what comes back."""
from collections.abc import Callable
from bot.demo.slack import LocalSlack

async def tell(slack: LocalSlack, say: Callable[[str], None]) -> None:
    answer = await slack.type("U0ANA", "#ops", "/dify schedule daily-report in 5 seconds")
    print(answer)
    import asyncio
    for _ in range(24):
        await asyncio.sleep(0.5)
        for m in slack.messages("#ops","U0ANA"):
            print(m.ts, m.text[:200], [b["type"] for b in m.blocks])
        if slack.ephemerals("U0ANA") and _==0:
            m=slack.ephemerals("U0ANA")[-1]
            print(await slack.click("U0ANA", m, "draft_save"))
    for e in slack.workspace.log[-40:]: print(e.kind, str(dict(e.detail))[:250])
