using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Tests.Support;

namespace DataLake.Pipelines.Tests.Parsing;

public sealed class PipelineFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("datalake-pipelines-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_definition_of_a_folder_is_read_in_the_order_of_names()
    {
        Write("b.yml", Example.Smallest().Replace("pipeline: p", "pipeline: second", StringComparison.Ordinal));
        Write("a.yaml", Example.Smallest());
        Write("notes.txt", "nothing");

        var result = PipelineFolder.Load(folder);

        result.Errors.ShouldBeEmpty();
        result.Files.Select(file => (Path.GetFileName(file.Path), file.Definition.Name)).ShouldBe([("a.yaml", "p"), ("b.yml", "second")]);
        result.Files[0].Text.ShouldBe(Example.Smallest());
        result.Files[0].Hash.ShouldBe(PipelineFile.HashOf(Example.Smallest()));
    }

    [Fact]
    public void One_file_can_be_read() => PipelineFolder.Load(Write("a.yaml", Example.Smallest())).Files.ShouldHaveSingleItem();

    [Fact]
    public void Errors_of_all_files_come_at_once()
    {
        Write("a.yaml", "pipeline: 1\n");
        Write("b.yaml", Example.Smallest("colour: red"));
        PipelineFolder.Load(folder).Errors.Select(error => Path.GetFileName(error.File)).Distinct().ShouldBe(["a.yaml", "b.yaml"]);
    }

    [Fact]
    public void A_name_may_be_given_once_whatever_its_capitals()
    {
        Write("a.yaml", Example.Smallest());
        var second = Write("b.yaml", "\n" + Example.Smallest().Replace("pipeline: p", "pipeline: P", StringComparison.Ordinal));

        var error = PipelineFolder.Load(folder).Errors.ShouldHaveSingleItem();
        error.ToString().ShouldStartWith($"{second}:2:11: a pipeline named 'P' stands already in ");
        error.Message.ShouldContain("a.yaml:1");
    }

    [Fact]
    public void An_empty_or_missing_folder_says_what_to_do()
    {
        PipelineFolder.Load(folder).Errors.ShouldHaveSingleItem().Message.ShouldContain("put a definition such as operations.yaml in it");
        PipelineFolder.Load(Path.Combine(folder, "none")).Errors.ShouldHaveSingleItem().Message.ShouldContain("create the folder");
    }

    [Fact]
    public void Files_that_are_no_text_are_refused()
    {
        File.WriteAllBytes(Path.Combine(folder, "a.yaml"), [0xFF, 0xFE, 0x00]);
        File.WriteAllBytes(Path.Combine(folder, "b.yaml"), new byte[10_000_000]);
        PipelineFolder.Load(folder).Errors.Select(error => error.Message).ShouldBe(
        [
            "this is not UTF-8; save the file as plain UTF-8 text",
            "the file has more than 1024 KiB; that is no pipeline definition. Split it into several pipelines",
        ]);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
