using System.Text;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>Reads all pipelines of a folder.</summary>
public static class PipelineFolder
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly string[] Endings = [".yaml", ".yml"];

    /// <summary>
    /// Reads every <c>*.yaml</c> and <c>*.yml</c> directly in a folder, or one file, and finds all errors at once. Never throws for what is on
    /// disk.
    /// </summary>
    public static PipelineFolderResult Load(string path)
    {
        var errors = new List<DefinitionError>();
        var files = new List<PipelineFile>();
        var firstOf = new Dictionary<string, (string File, Position At)>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in FilesOf(path, errors))
        {
            if (ReadText(file, errors) is not { } text)
            {
                continue;
            }

            var ((pipeline, found), nameAt) = PipelineParser.ParseNamed(text, file);
            errors.AddRange(found);
            if (pipeline is null)
            {
                continue;
            }

            if (firstOf.TryAdd(pipeline.Name, (file, nameAt)))
            {
                files.Add(new PipelineFile(file, text, PipelineFile.HashOf(text), pipeline));
                continue;
            }

            var first = firstOf[pipeline.Name];
            errors.Add(new DefinitionError(file, nameAt.Line, nameAt.Column,
                $"a pipeline named '{pipeline.Name}' stands already in {first.File}:{first.At.Line}; give one of them another name"));
        }

        return new PipelineFolderResult(files, errors);
    }

    private static IReadOnlyList<string> FilesOf(string path, List<DefinitionError> errors)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        if (!Directory.Exists(path))
        {
            errors.Add(
                new DefinitionError(path, 1, 1, "there is no such file or folder; create the folder and put a definition such as pipelines/operations.yaml in it"));
            return [];
        }

        try
        {
            var files = Directory.EnumerateFiles(path)
                .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .ToList();
            if (files.Count == 0)
            {
                errors.Add(
                    new DefinitionError(path, 1, 1, "there is no *.yaml or *.yml file in this folder; put a definition such as operations.yaml in it"));
            }

            return files;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add(new DefinitionError(path, 1, 1, $"the folder cannot be read ({error.Message}); check who may read it"));
            return [];
        }
    }

    private static string? ReadText(string file, List<DefinitionError> errors)
    {
        try
        {
            // A little more than the parser takes, so that it can say that the file is too long.
            using var stream = File.OpenRead(file);
            var bytes = new byte[(4 * YamlReader.LongestText) + 4];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count == bytes.Length ? new string(' ', YamlReader.LongestText + 1) : StrictUtf8.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException)
        {
            errors.Add(new DefinitionError(file, 1, 1, "this is not UTF-8; save the file as plain UTF-8 text"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add(new DefinitionError(file, 1, 1, $"the file cannot be read ({error.Message}); check who may read it"));
        }

        return null;
    }
}
