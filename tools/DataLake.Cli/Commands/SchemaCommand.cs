using System.CommandLine;
using DataLake.Pipelines.JsonSchema;

namespace DataLake.Cli.Commands;

/// <summary><c>lake schema</c></summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Print the JSON Schema of definitions, for editors.");
        command.SetAction(_ => Console.Write(PipelineJsonSchema.CreateText()));
        return command;
    }
}
