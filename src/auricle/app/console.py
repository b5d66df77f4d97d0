"""stub to be replaced"""
class ConsoleServer:
    port=0
    def __init__(self, **kw): pass
    async def start(self): pass
    async def stop(self): pass
