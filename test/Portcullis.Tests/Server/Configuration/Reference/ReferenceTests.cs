namespace Portcullis.Tests.Server.Configuration.Reference;

/// <summary>The reference in docs/ is generated. To write it anew: PORTCULLIS_UPDATE_REFERENCE=1 and run these tests.</summary>
public class ReferenceTests
{
    [Fact]
    public void The_json_schema_is_that_of_the_settings() => AssertCurrent("portcullis.schema.json", new JsonSchema(new SettingComments()).Write());

    [Fact]
    public void The_reference_page_is_that_of_the_settings() => AssertCurrent("configuration.md", new ReferencePage(new SettingComments()).Write());

    private static void AssertCurrent(string file, string generated)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Portcullis.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("the tests run outside of the source tree");
        }
        var path = Path.Combine(folder.FullName, "docs", "reference", file);
        if (Environment.GetEnvironmentVariable("PORTCULLIS_UPDATE_REFERENCE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, generated);
        }
        Assert.Equal(File.Exists(path) ? File.ReadAllText(path) : "(missing)", generated);
    }
}
