using Portcullis.Access;
using Portcullis.Server.Configuration.Binding;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration;

/// <summary>Loads the configuration: the file, the environment over it, defaults for the rest, and every check. The only way to a <see cref="PortcullisConfiguration"/> that is used.</summary>
internal static class ConfigurationLoader
{
    /// <summary>The file that is read when none is named.</summary>
    public const string DefaultFile = "portcullis.yaml";

    /// <summary>Loads.</summary>
    /// <param name="path">The file; null for <see cref="DefaultFile"/> in the current folder where it exists, and otherwise no file.</param>
    /// <param name="environment">Environment variables; those that begin with <c>PORTCULLIS__</c> count.</param>
    /// <param name="currentDirectory">The current folder, absolute.</param>
    /// <exception cref="ConfigurationException">Something is wrong: everything that is, at once.</exception>
    public static LoadedConfiguration Load(string? path, IReadOnlyDictionary<string, string> environment, string currentDirectory)
    {
        var problems = new ProblemList();
        var file = Path.GetFullPath(path ?? DefaultFile, currentDirectory);
        var name = path ?? DefaultFile;
        YamlNode? root = null;
        if (path is not null || File.Exists(file))
        {
            root = Read(file, name, problems);
        }
        else
        {
            file = null;
        }

        return Bind(root, file, name, environment, currentDirectory, problems);
    }

    /// <summary>The same from a file's content.</summary>
    internal static LoadedConfiguration Parse(ReadOnlySpan<byte> content, IReadOnlyDictionary<string, string> environment, string currentDirectory)
    {
        var problems = new ProblemList();
        var root = YamlReader.Read(content, DefaultFile, problems);
        return Bind(root, Path.Combine(currentDirectory, DefaultFile), DefaultFile, environment, currentDirectory, problems);
    }

    private static LoadedConfiguration Bind(
        YamlNode? root, string? file, string name, IReadOnlyDictionary<string, string> environment, string currentDirectory, ProblemList problems)
    {
        var start = new SourceLocation(file is null ? "the defaults" : name, file is null ? 0 : 1);
        var overlaid = new EnvironmentOverlay(problems).Lay(typeof(PortcullisConfiguration), EnvironmentTree.From(environment, problems), root);
        var folder = file is null ? currentDirectory : Path.GetDirectoryName(file)!;
        var locations = new SettingLocations(start);
        var configuration = new SettingsBinder(folder, currentDirectory, problems, locations).Bind(overlaid);
        var warnings = new ProblemList();
        new ConfigurationChecks(problems, warnings, locations).Check(configuration);
        problems.ThrowIfAny();
        return new LoadedConfiguration(configuration, file, locations.IsGiven(configuration, nameof(PortcullisConfiguration.Policy)), warnings.InOrder());
    }

    private static YamlNode? Read(string file, string name, ProblemList problems)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return YamlReader.Read(BoundedRead.All(stream, YamlReader.MaxBytes), name, problems);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            problems.Add(new SourceLocation(name, 0), "there is no such file");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add(new SourceLocation(name, 0), "the file can't be read");
        }
        return null;
    }
}

/// <summary>A configuration that was loaded and checked.</summary>
/// <param name="Options">The settings.</param>
/// <param name="File">The file, absolute; null when there is none.</param>
/// <param name="IsPolicyGiven">Whether the policy's place is set, and not the default: then the file has to be there.</param>
/// <param name="Warnings">What works and is probably not meant.</param>
internal sealed record LoadedConfiguration(
    PortcullisConfiguration Options, string? File, bool IsPolicyGiven, IReadOnlyList<ConfigurationProblem> Warnings);
