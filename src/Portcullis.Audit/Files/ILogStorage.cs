namespace Portcullis.Audit.Files;

/// <summary>Opens log files. The second implementation is the tests', whose disk fills up and fails when told to.</summary>
internal interface ILogStorage
{
    /// <summary>Opens a file for writing.</summary>
    /// <exception cref="IOException">It can't be opened, or is there already when it should be made.</exception>
    ILogFile Open(string path, bool create);
}
