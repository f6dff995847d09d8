using DataLake.AppHost;

return await AppHostCommand.RunAsync(args);
