using System.Runtime.CompilerServices;

namespace Portcullis.EndToEnd.Harness;

/// <summary>Where the things are that tests use from the source tree.</summary>
public static class Source
{
    /// <summary>The top of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>This test project's folder.</summary>
    public static string Project => Path.Combine(Root, "test", "Portcullis.EndToEnd");

    /// <summary>The built program: <c>PORTCULLIS_PROGRAM</c>, or the one built with these tests.</summary>
    public static string Program { get; } = FindProgram();

    /// <summary>The built credential helper: <c>PORTCULLIS_CREDENTIAL_HELPER</c>, or the one built with these tests.</summary>
    public static string CredentialHelper { get; } =
        Environment.GetEnvironmentVariable("PORTCULLIS_CREDENTIAL_HELPER") is { Length: > 0 } program ? program : Built("Portcullis.CredentialHelper", "git-credential-portcullis");

    private static string FindProgram()
    {
        if (Environment.GetEnvironmentVariable("PORTCULLIS_PROGRAM") is { Length: > 0 } program)
        {
            return program;
        }

        return Built("Portcullis.Server", "portcullis");
    }

    // artifacts/bin/Portcullis.EndToEnd/debug/ stands beside artifacts/bin/Portcullis.Server/debug/.
    private static string Built(string project, string program)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var path = Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, program);
        return File.Exists(path) ? path : throw new FileNotFoundException($"Build src/{project} first.", path);
    }

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        for (var folder = Path.GetDirectoryName(thisFile); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Portcullis.slnx")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException("The source tree isn't where these tests were built.");
    }
}
