using Portcullis.Server.Configuration;

namespace Portcullis.Tests.Server.Configuration;

/// <summary>A folder of a test's own with a configuration in it.</summary>
internal sealed class ConfigurationFolder : IDisposable
{
    private static readonly Dictionary<string, string> s_noEnvironment = [];

    public string Root { get; } = Directory.CreateTempSubdirectory("portcullis-configuration-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public string Write(string name, string content)
    {
        var path = Path.Combine(Root, name);
        File.WriteAllText(path, content);
        return path;
    }

    public LoadedConfiguration Load(string? yaml, params (string Name, string Value)[] environment)
    {
        if (yaml is not null)
        {
            Write("portcullis.yaml", yaml);
        }
        var variables = environment.Length == 0 ? s_noEnvironment : environment.ToDictionary(variable => variable.Name, variable => variable.Value);
        return ConfigurationLoader.Load(yaml is null ? null : "portcullis.yaml", variables, Root);
    }

    /// <summary>The problems, one a line as the program prints them.</summary>
    public IReadOnlyList<string> Problems(string? yaml, params (string Name, string Value)[] environment)
    {
        var exception = Assert.Throws<ConfigurationException>(() => Load(yaml, environment));
        return [.. exception.Problems.Select(problem => problem.ToString())];
    }
}
