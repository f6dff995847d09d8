using System.CommandLine;
using DataLake.Cli.Commands;

var lake = new RootCommand("Looks into a DataLake, and prepares its definitions.")
{
    ValidateCommand.Create(),
    SchemaCommand.Create(),
    ImportConfigCommand.Create(),
    PlanCommand.Create(),
    StatusCommand.Create(),
    RunsCommand.Create(),
    ShowCommand.Create(),
    BackfillCommand.Create(),
    TableCommand.Create(),
    RollbackCommand.Create(),
    TagCommand.Create(),
};
return await lake.Parse(args).InvokeAsync();
