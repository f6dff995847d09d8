using System.CommandLine;
using DataLake.Cli.Output;
using DataLake.Pipelines.Parsing;

namespace DataLake.Cli.Commands;

/// <summary><c>lake validate PATH</c></summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A folder of definitions, or one file.", DefaultValueFactory = _ => "pipelines" };
        var command = new Command("validate", "Check definitions; every error is told at once as file:line:column. Example: lake validate samples/pipelines") { path, SharedOptions.Json };
        command.SetAction(parsed => Run(parsed.GetValue(path)!, parsed.GetValue(SharedOptions.Json)));
        return command;
    }

    private static int Run(string path, bool json)
    {
        var result = PipelineFolder.Load(path);
        if (json)
        {
            CommandOutput.WriteJson(new
            {
                valid = result.Errors.Count == 0,
                pipelines = result.Files.Select(file => new { name = file.Definition.Name, file = file.Path, tables = file.Definition.Tables.Select(table => table.Table.ToString()) }),
                errors = result.Errors,
            });
        }
        else if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
            {
                Console.Error.WriteLine(error);
            }
        }
        else
        {
            foreach (var file in result.Files)
            {
                Console.WriteLine($"{file.Path}: pipeline {file.Definition.Name} with {file.Definition.Tables.Count} table(s) is valid");
            }
        }

        return result.Errors.Count == 0 ? CommandOutput.Ok : CommandOutput.NotWell;
    }
}
