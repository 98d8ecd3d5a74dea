using Portcullis.Server.Commands;

return await PortcullisCommandLine.RunAsync(args, CommandTerminal.ForProcess());
